"""The prompts for evaluating the default model, chosen before any training.

Training must not read these; they only keep the concepts they need from being held out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prompt:
    """What a user types, and the emoji any of which would be the expected image."""

    text: str
    expected: tuple[str, ...]


COMMON_PROMPTS = (
    Prompt("a red heart", ("❤️",)),
    Prompt("a smiling face", ("🙂", "😊", "😀")),
    Prompt("a cat", ("🐱",)),
    Prompt("a dog", ("🐶",)),
    Prompt("pizza", ("🍕",)),
    Prompt("a rocket", ("🚀",)),
    Prompt("a blue car", ("🚙",)),
    Prompt("a red car", ("🚗",)),
    Prompt("a house", ("🏠",)),
    Prompt("a tree", ("🌳",)),
    Prompt("a flower", ("🌼",)),
    Prompt("a red rose", ("🌹",)),
    Prompt("a sunflower", ("🌻",)),
    Prompt("the sun", ("☀️", "🌞")),
    Prompt("the moon", ("🌙",)),
    Prompt("a star", ("⭐",)),
    Prompt("a rainbow", ("🌈",)),
    Prompt("fire", ("🔥",)),
    Prompt("a snowman", ("⛄",)),
    Prompt("a snowflake", ("❄️",)),
    Prompt("a red apple", ("🍎",)),
    Prompt("a banana", ("🍌",)),
    Prompt("a strawberry", ("🍓",)),
    Prompt("a watermelon", ("🍉",)),
    Prompt("an avocado", ("🥑",)),
    Prompt("a hamburger", ("🍔",)),
    Prompt("french fries", ("🍟",)),
    Prompt("an ice cream cone", ("🍦",)),
    Prompt("a birthday cake", ("🎂",)),
    Prompt("a donut", ("🍩",)),
    Prompt("a cup of coffee", ("☕",)),
    Prompt("a glass of beer", ("🍺",)),
    Prompt("a panda", ("🐼",)),
    Prompt("a fox", ("🦊",)),
    Prompt("a lion", ("🦁",)),
    Prompt("a unicorn", ("🦄",)),
    Prompt("a penguin", ("🐧",)),
    Prompt("an owl", ("🦉",)),
    Prompt("a butterfly", ("🦋",)),
    Prompt("a frog", ("🐸",)),
    Prompt("an octopus", ("🐙",)),
    Prompt("a fish", ("🐟",)),
    Prompt("a dragon", ("🐲",)),
    Prompt("a happy face", ("😀",)),
    Prompt("a crying face", ("😢",)),
    Prompt("an angry face", ("😠", "😡")),
    Prompt("a face with sunglasses", ("😎",)),
    Prompt("a ghost", ("👻",)),
    Prompt("a robot", ("🤖",)),
    Prompt("a crown", ("👑",)),
    Prompt("a guitar", ("🎸",)),
    Prompt("a soccer ball", ("⚽",)),
    Prompt("an airplane", ("✈️",)),
    Prompt("a gift", ("🎁",)),
    Prompt("a cat, 3d", ("🐱",)),
    Prompt("cartoon sun", ("☀️", "🌞")),
    Prompt("flat pizza", ("🍕",)),
    Prompt("a rocket, cartoon", ("🚀",)),
    Prompt("3d red heart", ("❤️",)),
    Prompt("a mushroom, flat", ("🍄",)),
    Prompt("a smiling face with heart eyes, 3d", ("😍",)),
    Prompt("cartoon dog", ("🐶",)),
    Prompt("3d pumpkin", ("🎃",)),
    Prompt("flat emoji of a skull", ("💀",)),
)

PARAPHRASES = (
    Prompt("a kitty", ("🐱",)),
    Prompt("a cute puppy", ("🐶",)),
    Prompt("an automobile", ("🚗",)),
    Prompt("a joyful face", ("😂", "😀")),
    Prompt("a furious face", ("😡", "😠")),
    Prompt("a sad face with tears", ("😢", "😭")),
    Prompt("a bunny", ("🐰",)),
    Prompt("a ladybird", ("🐞",)),
    Prompt("a spacecraft", ("🚀",)),
    Prompt("an aeroplane", ("✈️",)),
    Prompt("a cheeseburger", ("🍔",)),
    Prompt("a mug of hot coffee", ("☕",)),
    Prompt("a present with a bow", ("🎁",)),
    Prompt("a king's crown", ("👑",)),
    Prompt("a slice of pizza with salami", ("🍕",)),
    Prompt("a blaze", ("🔥",)),
)

COMPOSITIONS = (
    Prompt("a red heart with a smile", ("❤️", "🙂")),
    Prompt("a blue dog", ("🐶",)),
    Prompt("a green cat", ("🐱",)),
    Prompt("a purple flower", ("🌼",)),
    Prompt("a pizza with sunglasses", ("🍕", "🕶️")),
    Prompt("a cat with a crown", ("🐱", "👑")),
    Prompt("an angry sun", ("🌞", "😠")),
    Prompt("a blue apple", ("🍎",)),
    Prompt("a pink car", ("🚗",)),
    Prompt("a house on fire", ("🏠", "🔥")),
    Prompt("a smiling cloud", ("☁️", "🙂")),
    Prompt("a fox with a red scarf", ("🦊", "🧣")),
    Prompt("a crying star", ("⭐", "😢")),
    Prompt("a robot with a heart", ("🤖", "❤️")),
    Prompt("a golden fish", ("🐟",)),
    Prompt("a tree with red apples", ("🌳", "🍎")),
)

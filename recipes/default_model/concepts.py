"""The concepts of the default model: well-known things that look different from each other.

Each line of a table is one concept: `*` if people often ask for it, the emoji, its English label in
emojibase, and after a colon the plainer words that people type instead. A concept is listed if
every default style draws it; of near duplicates (cat face and cat, four clocks) one is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

FACES = """
* 😀 grinning face: happy face, grin
* 🙂 slightly smiling face: smiling face, smiley face, smile
  😁 beaming face with smiling eyes: beaming face, toothy smile
  😆 grinning squinting face: laughing face
  😅 grinning face with sweat: nervous laugh
* 😂 face with tears of joy: joyful face, laughing with tears, crying with laughter
  🙃 upside-down face
  🫠 melting face
* 😉 winking face: wink
* 😊 smiling face with smiling eyes: blushing smile, happy smile
  😇 smiling face with halo: angel face
  🥰 smiling face with hearts: face in love
* 😍 smiling face with heart-eyes: heart eyes, love face
  🤩 star-struck: star eyes, excited face
  😘 face blowing a kiss: kiss face, kiss
  😛 face with tongue: tongue out
  🤪 zany face: crazy face, silly face
  🤑 money-mouth face: money face
  🤗 smiling face with open hands: hugging face, hug
* 🤔 thinking face: thinking
  😐 neutral face
  😏 smirking face: smirk
  🙄 face with rolling eyes: rolling eyes
* 😴 sleeping face: sleeping, sleepy face
  😷 face with medical mask: masked face
  🤢 nauseated face: green sick face
  🤮 face vomiting: vomiting face
  🥵 hot face: overheated face
  🥶 cold face: freezing face, blue frozen face
  🤯 exploding head: mind blown
  🤠 cowboy hat face: cowboy
  🥳 partying face: party face
* 😎 smiling face with sunglasses: cool face, face with sunglasses
  🤓 nerd face: nerd, face with glasses
  🧐 face with monocle: monocle
  🙁 slightly frowning face: sad face, frown
  😮 face with open mouth: surprised face, shocked face
  😳 flushed face: embarrassed face
  🥺 pleading face: puppy eyes
* 😢 crying face: sad crying face, tear
  😭 loudly crying face: sobbing face, bawling
  😱 face screaming in fear: screaming face, scared face
* 😡 enraged face: angry red face, furious face
* 😠 angry face: mad face
  😈 smiling face with horns: purple devil, devil
* 💀 skull
* 💩 pile of poo: poop
* 🤡 clown face: clown
* 👻 ghost
* 👽 alien: alien face
  👾 alien monster: space invader
* 🤖 robot: robot face
  😺 grinning cat: smiling cat, happy cat
  😻 smiling cat with heart-eyes: cat in love
  🙈 see-no-evil monkey: monkey covering eyes
"""

SYMBOLS = """
* ❤️ red heart: heart, love heart
  🧡 orange heart
  💛 yellow heart
  💚 green heart
* 💙 blue heart
  💜 purple heart
  🩷 pink heart
  🖤 black heart
  🤍 white heart
* 💔 broken heart: heartbreak
  ❤️‍🔥 heart on fire: burning heart
  💘 heart with arrow: cupid heart
  💖 sparkling heart
  💕 two hearts
  💋 kiss mark: lips
  💯 hundred points: one hundred
  💥 collision: explosion, boom
  💧 droplet: water drop
* 🔥 fire: flame, flames
  ✨ sparkles: glitter
* ⭐ star: yellow star
  🔴 red circle: red ball
  🟡 yellow circle
  🟢 green circle
  🔵 blue circle: blue ball
  ✅ check mark button: check mark
  ❌ cross mark: red cross
  ❓ red question mark: question mark
  ⚠️ warning: warning sign
"""

ANIMALS = """
* 🐵 monkey face: monkey
  🦍 gorilla
* 🐶 dog face: dog, puppy
  🐺 wolf
* 🦊 fox
  🦝 raccoon
* 🐱 cat face: cat, kitty, kitten
* 🦁 lion
* 🐯 tiger face: tiger
* 🐴 horse face: horse, pony
* 🦄 unicorn
  🦓 zebra
  🦌 deer
* 🐮 cow face: cow
* 🐷 pig face: pig, piglet
  🐑 ewe: sheep, lamb
  🐫 two-hump camel: camel
  🦒 giraffe
* 🐘 elephant
  🦏 rhinoceros: rhino
  🦛 hippopotamus: hippo
* 🐭 mouse face: mouse
  🐹 hamster
* 🐰 rabbit face: rabbit, bunny
  🐿️ chipmunk: squirrel
  🦔 hedgehog
  🦇 bat
* 🐻 bear: brown bear
  🐻‍❄️ polar bear: white bear
  🐨 koala
* 🐼 panda: panda bear
  🦥 sloth
  🦘 kangaroo
  🐾 paw prints
  🐔 chicken: hen
  🐤 baby chick: chick
* 🐦 bird
* 🐧 penguin
  🕊️ dove: white dove
  🦅 eagle
* 🦆 duck
  🦢 swan
* 🦉 owl
  🦩 flamingo
  🦚 peacock
  🦜 parrot
* 🐸 frog
  🐊 crocodile: alligator
* 🐢 turtle: tortoise
  🐍 snake
* 🐲 dragon face: dragon
* 🦖 T-Rex: dinosaur
  🐳 spouting whale: whale
  🐬 dolphin
* 🐟 fish: blue fish
  🐠 tropical fish
* 🦈 shark
* 🐙 octopus
  🐚 spiral shell: seashell
  🪼 jellyfish
  🦀 crab
  🦞 lobster
  🐌 snail
* 🦋 butterfly
  🐛 bug: caterpillar
* 🐝 honeybee: bee
* 🐞 lady beetle: ladybug
  🕷️ spider
  🦂 scorpion
"""

PLANTS = """
  💐 bouquet: bunch of flowers
  🌸 cherry blossom: pink flower
* 🌹 rose: red rose
* 🌻 sunflower
* 🌼 blossom: flower
* 🌷 tulip
  🌱 seedling: sprout
  🪴 potted plant: houseplant
* 🌲 evergreen tree: pine tree
* 🌳 deciduous tree: tree, green tree
* 🌴 palm tree
* 🌵 cactus
  🍀 four leaf clover: clover
  🍁 maple leaf: autumn leaf
  🍃 leaf fluttering in wind: green leaves
* 🍄 mushroom: red mushroom, toadstool
"""

FOOD = """
  🍇 grapes: bunch of grapes
* 🍉 watermelon: slice of watermelon
  🍊 tangerine: orange fruit
* 🍋 lemon
* 🍌 banana
  🍍 pineapple
* 🍎 red apple: apple
  🍏 green apple
  🍐 pear
  🍑 peach
  🍒 cherries: cherry
* 🍓 strawberry
  🫐 blueberries: blueberry
  🥝 kiwi fruit: kiwi
* 🍅 tomato
  🥥 coconut
* 🥑 avocado
  🍆 eggplant: aubergine
  🥕 carrot
  🌽 ear of corn: corn
  🌶️ hot pepper: chili pepper, red chili
  🥦 broccoli
  🧅 onion
  🥜 peanuts: peanut
  🍞 bread: loaf of bread
  🥐 croissant
  🥖 baguette bread: baguette
  🥨 pretzel
  🥞 pancakes: stack of pancakes
  🧇 waffle
  🧀 cheese wedge: cheese
  🍗 poultry leg: chicken leg, drumstick
  🥩 cut of meat: steak
  🥓 bacon
* 🍔 hamburger: burger, cheeseburger
* 🍟 french fries: fries, chips
* 🍕 pizza: slice of pizza
  🌭 hot dog: hotdog
  🥪 sandwich
  🌮 taco
  🌯 burrito
  🥚 egg
  🍳 cooking: fried egg
  🥗 green salad: salad
  🍿 popcorn
  🍙 rice ball: onigiri
  🍜 steaming bowl: ramen, noodles
  🍝 spaghetti: pasta
* 🍣 sushi
* 🍦 soft ice cream: ice cream cone, ice cream
* 🍩 doughnut: donut
* 🍪 cookie: chocolate chip cookie
* 🎂 birthday cake: cake
  🧁 cupcake: muffin
  🥧 pie
  🍫 chocolate bar: chocolate
  🍬 candy
  🍭 lollipop
  🍯 honey pot: honey
  🥛 glass of milk: milk
* ☕ hot beverage: coffee, cup of coffee
  🫖 teapot
  🍷 wine glass: wine, red wine
  🍸 cocktail glass: cocktail, martini
* 🍺 beer mug: beer
  🧋 bubble tea: boba
  🧊 ice: ice cube
  🍴 fork and knife
"""

PLACES = """
* 🌍 globe showing Europe-Africa: earth, planet earth, globe
  🏔️ snow-capped mountain: mountain
  🌋 volcano
  🏝️ desert island: tropical island, beach
* 🏠 house: home
  🏥 hospital
  🏫 school
* 🏰 castle
  🗽 Statue of Liberty
  ⛪ church
  ⛺ tent
  🌅 sunrise: sunset over the sea
  🎡 ferris wheel
* 🚂 locomotive: train, steam train
* 🚌 bus
  🚑 ambulance
  🚒 fire engine: fire truck
  🚓 police car
  🚕 taxi: yellow taxi
* 🚗 automobile: car, red car
  🚙 sport utility vehicle: blue car
  🚚 delivery truck: truck
  🚜 tractor
  🏎️ racing car: race car
  🏍️ motorcycle: motorbike
* 🚲 bicycle: bike
  🛹 skateboard
  🚦 vertical traffic light: traffic light
  🛑 stop sign
  ⚓ anchor
  ⛵ sailboat: boat
  🚢 ship
* ✈️ airplane: plane, jet
  🚁 helicopter
* 🚀 rocket: space rocket, spaceship
  🛸 flying saucer: ufo
  ⌛ hourglass done: hourglass
* ⏰ alarm clock: clock
* 🌙 crescent moon: moon
  🌕 full moon
* ☀️ sun: yellow sun
  🌞 sun with face: smiling sun
  🪐 ringed planet: saturn, planet
* ☁️ cloud: white cloud
  ⛅ sun behind cloud: sun and cloud
  🌧️ cloud with rain: rain cloud, rain
  🌪️ tornado
* 🌈 rainbow
* ☂️ umbrella
* ⚡ high voltage: lightning, lightning bolt
* ❄️ snowflake
* ⛄ snowman without snow: snowman
  🌊 water wave: wave, ocean wave
"""

ACTIVITIES = """
* 🎃 jack-o-lantern: halloween pumpkin, pumpkin
* 🎄 Christmas tree
  🎆 fireworks
* 🎈 balloon: red balloon
  🎉 party popper: confetti
  🎀 ribbon: bow, pink bow
* 🎁 wrapped gift: gift, present
* 🏆 trophy: gold cup
  🥇 1st place medal: gold medal
* ⚽ soccer ball
  ⚾ baseball
* 🏀 basketball
  🏈 american football
  🎾 tennis: tennis ball
  🥊 boxing glove
  🎯 bullseye: dartboard, target
  🪁 kite
  🎱 pool 8 ball: 8 ball
  🔮 crystal ball
  🪄 magic wand
  🎮 video game: game controller, gamepad
  🎲 game die: dice
  🧩 puzzle piece: puzzle
* 🧸 teddy bear
  🎨 artist palette: palette, paint palette
  🧶 yarn: ball of yarn
"""

OBJECTS = """
  👓 glasses: eyeglasses
  🕶️ sunglasses
  👕 t-shirt: shirt
  👖 jeans: trousers, pants
  🧣 scarf
  🧦 socks
  👗 dress
  🎒 backpack: school bag
  👟 running shoe: shoe, sneaker
  👠 high-heeled shoe: high heel
* 👑 crown: golden crown
* 🎩 top hat: hat, black hat
  🎓 graduation cap
  🧢 billed cap: baseball cap, cap
  💄 lipstick
* 💍 ring: diamond ring
* 💎 gem stone: diamond, gem
  🔔 bell
  🎵 musical note: music, music note
  🎤 microphone
  🎧 headphone: headphones
  🎺 trumpet
* 🎸 guitar: electric guitar
  🎹 musical keyboard: piano
  🎻 violin
* 🥁 drum
* 📱 mobile phone: phone, smartphone
  ☎️ telephone: red telephone
  🔋 battery
* 💻 laptop: computer
  📺 television: tv
* 📷 camera
  🔍 magnifying glass tilted left: magnifying glass
  🕯️ candle
* 💡 light bulb: lightbulb
* 📖 open book: book
  📚 books: stack of books
  📰 newspaper
  🪙 coin: gold coin
* 💰 money bag: bag of money, money
  ✉️ envelope: letter, mail
  📦 package: cardboard box, box
  ✏️ pencil
  📅 calendar
  ✂️ scissors
  🔒 locked: lock, padlock
* 🔑 key
* 🔨 hammer
  ⚔️ crossed swords: swords
  💣 bomb
  🏹 bow and arrow
  🛡️ shield
  ⚙️ gear: cog
  🧲 magnet
  🔭 telescope
  💊 pill
  🚪 door
  🛏️ bed
  🛋️ couch and lamp: sofa, couch
  🪑 chair
  🚽 toilet
  🧹 broom
  🛒 shopping cart
"""

TABLES = {
    "faces": FACES,
    "symbols": SYMBOLS,
    "animals": ANIMALS,
    "plants": PLANTS,
    "food": FOOD,
    "places": PLACES,
    "activities": ACTIVITIES,
    "objects": OBJECTS,
}


@dataclass(frozen=True)
class Concept:
    """One thing to draw. `hexcode` is emojibase's; `aliases` are plainer words for it."""

    emoji: str
    hexcode: str
    label: str
    aliases: tuple[str, ...]
    group: str
    common: bool


def hexcode(emoji: str) -> str:
    """Code points in upper-case hex joined by `-`, without the presentation selector U+FE0F."""
    return "-".join(f"{ord(char):04X}" for char in emoji if char != "\ufe0f")


@cache
def concepts() -> tuple[Concept, ...]:
    """Every concept, in the order of the tables."""
    return tuple(
        _parse(line, group)
        for group, table in TABLES.items()
        for line in table.strip("\n").splitlines()
    )


def _parse(line: str, group: str) -> Concept:
    emoji, _, rest = line[2:].partition(" ")
    label, _, aliases = rest.partition(": ")
    return Concept(
        emoji=emoji,
        hexcode=hexcode(emoji),
        label=label,
        aliases=tuple(aliases.split(", ")) if aliases else (),
        group=group,
        common=line.startswith("*"),
    )

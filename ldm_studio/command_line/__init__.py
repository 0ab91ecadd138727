"""The program without its window: `ldm-studio generate`, `resume`, `branch`, `replay` ..."""

"""The history: an index of picture files, which are the truth, and what the user said of them.

Free of Qt. `store` opens and writes, `reader` answers, `rebuild` indexes folders, `query` is the
language of the search field, `carriers`, `programs` and `comfyui` read what files carry.
"""

"""The history: an index of image files, plus the user's marks.

The files are the truth; the index can be rebuilt from them. Free of Qt. `history_store` opens and
writes, `history_reader` reads, `folder_scan` indexes folders, `query_language` parses the search
field; `metadata_chunks`, `program_metadata` and `comfyui` read the metadata of files.
"""

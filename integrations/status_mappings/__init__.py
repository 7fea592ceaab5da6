"""A status word's meaning, given, changed or taken back, and what came with the word.

The newest event of each is run again through the ingest, as staff's word of what is so now: it may
undo what an earlier meaning did. A sale that a sync saw last, or whose event's body is gone, gets
the meaning directly. With no meaning left, each goes back to where it was before the word. What
has moved on to another word since stays as it is.
"""

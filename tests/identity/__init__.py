"""Tests of who may come in: tokens, clients, the authorization server and its pages."""

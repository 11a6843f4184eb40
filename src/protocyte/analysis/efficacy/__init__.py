"""Responses, relapse, time to event."""

"""Tests of the transcript, on real widgets."""

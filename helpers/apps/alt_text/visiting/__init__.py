"""The second step: visits to addresses, each server at its pace, and what they bring back."""

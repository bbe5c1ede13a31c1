"""What happens in an element, as typed values, and how they are written: pure."""

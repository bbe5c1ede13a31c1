"""From a unit to the response that it is: where each of its params begins and ends, or what does not fit."""

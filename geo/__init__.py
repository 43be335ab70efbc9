"""The world as it is: tables, units, population, reach. No plans, no opinions, no screen."""

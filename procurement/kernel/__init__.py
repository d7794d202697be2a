"""The ground floor: what every stage stands on. It knows nothing of purchasing."""

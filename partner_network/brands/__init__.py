"""Companies of the network: who they are on paper and at the tax office."""

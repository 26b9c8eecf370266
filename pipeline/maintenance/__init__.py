"""Put small files together, retire old releases and remove files that no release needs."""

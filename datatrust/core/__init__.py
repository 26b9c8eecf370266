"""What every room shares: errors, issues, YAML with positions, settings, the release. Imports no other package of ours."""

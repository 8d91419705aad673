"""What a maintainer runs before a release (docs/releasing.md): licences, advisories, bill of materials, packages."""

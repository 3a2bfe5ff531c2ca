"""A project on disk: case files, their earlier versions, drafts, an index and an audit log."""

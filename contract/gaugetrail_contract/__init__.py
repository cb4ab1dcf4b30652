"""What agent and collector agreed on: records, seals, topics, receipts, status, settings, clock. No I/O but reading a settings file."""

"""The collector: takes records from MQTT, proves them, stores them, answers what became of a part."""

"""The results of all steps in one JSON file, so that steps can run one at a time: samples are appended, never averaged here."""
import json
import os
import statistics


class Results:
    def __init__(self, path):
        self.path = path
        self.data = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.data = json.load(file)

    def _at(self, *keys):
        place = self.data
        for key in keys:
            place = place.setdefault(key, {})
        return place

    def append(self, *keys_and_sample):
        *keys, last, sample = keys_and_sample
        self._at(*keys).setdefault(last, []).append(sample)

    def put(self, *keys_and_value):
        *keys, last, value = keys_and_value
        self._at(*keys)[last] = value

    def get(self, *keys):
        """None where there is nothing."""
        place = self.data
        for key in keys:
            if not isinstance(place, dict) or key not in place:
                return None
            place = place[key]
        return place

    def median(self, *keys):
        samples = self.get(*keys)
        return statistics.median(samples) if samples else None

    def save(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
        os.replace(self.path + ".new", self.path)

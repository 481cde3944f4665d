#!/usr/bin/env python3
"""A tree as people have them, in DIR: COUNT small files in many/, names in every
script and of the greatest length in names/, and SHA256SUMS over both, with
paths as sha256sum writes them.

    make_tree.py DIR COUNT
"""

import hashlib
import os
import sys

NAMES = ("Ελληνικά", "Русский текст", "日本語のファイル", "한국어", "العربية",
         "עברית", "ไทย", "हिन्दी", "Tiếng Việt", "ქართული", "Հայերեն",
         "🍎🚀👩‍👩‍👧", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "e\u0301 decomposed", "é composed",
         "ß ẞ ſ ı İ ς", " leading space", "many.dots.in.a.name",
         "#%&'()+,-;=@[]^_`{}~!$", "x" * 255, "é" * 127, "日" * 85, "🍎" * 63)


def main(top, count):
    sums = []

    def put(path, data):
        os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
        with open(os.path.join(top, path), "wb") as f:
            f.write(data)
        sums.append("%s  ./%s" % (hashlib.sha256(data).hexdigest(), path))

    for i in range(count):
        put("many/%02d/file-%05d.txt" % (i % 50, i),
            hashlib.sha256(str(i).encode()).digest() * (i % 40))
    for name in NAMES:
        put("names/" + name, name.encode())
    with open(os.path.join(top, "SHA256SUMS"), "w") as f:
        f.write("\n".join(sums) + "\n")


main(sys.argv[1], int(sys.argv[2]))

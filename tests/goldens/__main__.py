"""Write the goldens anew: after a change of the weights, and after looking at what they answer."""

from tests.goldens import write

if __name__ == "__main__":
    for weights in ("open", "research"):
        write(weights)

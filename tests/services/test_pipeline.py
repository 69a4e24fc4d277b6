def test_try(finished, lifecircle):
    import time

    b = time.time()
    o = lifecircle.run("--version")
    print(time.time() - b, o)
    print(sorted(p.name for p in finished.iterdir()))

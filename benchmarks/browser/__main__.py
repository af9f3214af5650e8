from benchmarks.browser import main

main()

"""How the dose of the blood is computed: closed form, Laplace transforms, simulated particles."""

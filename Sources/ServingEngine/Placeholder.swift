// ServingEngine

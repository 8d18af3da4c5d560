// Speculation

// Units that could be placed next, by urgency.
#pragma once

#include <vector>

#include "base.hpp"

namespace headway {

// Random numbers that are the same on every platform (splitmix64).
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    // Uniform in [0, 1), with 53 random bits.
    double next() {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        z ^= z >> 31;
        return static_cast<double>(z >> 11) * 0x1.0p-53;
    }

private:
    std::uint64_t state_;
};

class Agenda {
public:
    Agenda(double alpha, std::uint64_t seed) : alpha_(alpha), random_(seed) {}

    bool empty() const { return entries_.empty(); }
    void push(double key, Int unit);
    // Removes and returns the unit with the smallest key (ties: the first unit); if alpha is
    // positive, a random one, with the better chances the smaller its key.
    Int pop();

private:
    struct Entry {
        double key;
        Int unit;
    };

    static bool later(const Entry& a, const Entry& b);
    Int sample();

    std::vector<Entry> entries_;  // a heap, or sorted by urgency if choices are random
    double alpha_;
    Random random_;
    std::vector<double> chances_;
};

}  // namespace headway

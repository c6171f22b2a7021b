// Random numbers that are the same on every machine.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace headway::search {

// xoshiro256** (Blackman and Vigna, 2018), its state filled by splitmix64.
class Random {
public:
    explicit Random(std::uint64_t seed) {
        for (auto& word : state_) {
            seed += 0x9e3779b97f4a7c15U;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
            word = z ^ (z >> 31);
        }
    }

    std::uint64_t next() {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    // A number from 0 to n - 1; n is positive and below 2^31.
    std::int32_t below(std::int32_t n) {
        return static_cast<std::int32_t>(((next() >> 32) * static_cast<std::uint64_t>(n)) >> 32);
    }

private:
    std::array<std::uint64_t, 4> state_{};
};

template <class T>
void shuffle(std::vector<T>& values, Random& random) {
    for (auto left = static_cast<std::int32_t>(values.size()); left > 1; --left) {
        std::swap(values[static_cast<std::size_t>(random.below(left))],
                  values[static_cast<std::size_t>(left - 1)]);
    }
}

}  // namespace headway::search

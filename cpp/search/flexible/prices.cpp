#include "search/flexible/prices.hpp"

#include <algorithm>

namespace headway::search::flexible {
namespace {

constexpr Time ONE = 1 << 16;  // the price of the dearest machine meanwhile
constexpr Time CAUTION = 32;   // a price grows by a share of 1 / CAUTION at most
constexpr std::size_t MOST_ROUNDS = 600;
constexpr std::size_t MOST_WORK = 20'000'000;  // modes times rounds

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// The loads of all machines once each task is in its cheapest mode.
void share_out(std::span<const Index> first_mode, std::span<const Mode> modes,
               std::span<const Time> price, std::span<Time> load) {
    std::ranges::fill(load, 0);
    const auto cost = [&](const Mode& mode) {
        return mode.machine < 0 ? 0 : mode.duration * price[at(mode.machine)];
    };
    for (std::size_t i = 0; i + 1 < first_mode.size(); ++i) {
        const auto own = modes.subspan(at(first_mode[i]), at(first_mode[i + 1] - first_mode[i]));
        const Mode& cheapest = *std::ranges::min_element(own, {}, cost);
        if (cheapest.machine >= 0) {
            load[at(cheapest.machine)] += cheapest.duration;
        }
    }
}

}  // namespace

std::vector<Time> machine_prices(std::span<const Index> first_mode, std::span<const Mode> modes,
                                 Index n_machines, Time highest) {
    std::vector<Time> price(at(n_machines), ONE), sum(at(n_machines)), load(at(n_machines));
    if (n_machines == 0) {
        return price;
    }
    const std::size_t rounds = std::clamp<std::size_t>(MOST_WORK / modes.size(), 2, MOST_ROUNDS);
    for (std::size_t round = 0; round < rounds; ++round) {
        share_out(first_mode, modes, price, load);
        const Time most = std::max<Time>(1, *std::ranges::max_element(load));
        for (std::size_t k = 0; k < price.size(); ++k) {
            price[k] += price[k] * load[k] / (most * CAUTION);
        }
        const Time dearest = *std::ranges::max_element(price);
        for (std::size_t k = 0; k < price.size(); ++k) {
            price[k] = price[k] * ONE / dearest;
            sum[k] += 2 * round >= rounds ? price[k] : 0;
        }
    }
    const Time dearest = *std::ranges::max_element(sum);
    for (Time& value : sum) {
        value = value * highest / dearest;
    }
    return sum;
}

}  // namespace headway::search::flexible

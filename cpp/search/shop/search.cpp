#include "search/shop/search.hpp"

#include <algorithm>
#include <array>

#include "search/random.hpp"
#include "search/relinking.hpp"
#include "search/shop/tabu.hpp"

namespace headway::search::shop {
namespace {

// Where on the way between two solutions candidates lie, in thousandths, and for which part of the
// patience each is tried.
constexpr std::array<Time, 3> SHARES = {350, 500, 650};
constexpr std::uint64_t TRIAL_PART = 16;

// Solutions are nearly the same if they differ in less than one node out of so many.
constexpr std::int64_t NODES_PER_DIFFERENCE = 16;

std::int64_t least_distance(const Shop& shop) {
    return std::max<std::int64_t>(1, shop.no_node() / NODES_PER_DIFFERENCE);
}

}  // namespace

ShopSearch::ShopSearch(const Shop& shop, const SearchSettings& settings)
    : shop_(&shop), settings_(settings), elite_(shop, settings.population, least_distance(shop)) {}

std::uint64_t ShopSearch::run(std::uint64_t seed, std::uint64_t iterations, const StopFlag& stop,
                              const OnImprovement& on_improvement) {
    Random random(seed);
    Builder builder(*shop_);
    TabuSearch tabu(*shop_, random);
    Watch<Solution> watch(incumbent_, iterations, stop, [&](const Solution& best) {
        on_improvement(best.value, best.start, modes_of(*shop_, best.choice));
    });
    relink(
        elite_, {settings_.patience, settings_.patience / TRIAL_PART + 1, SHARES}, random, watch,
        [&] { return builder.build(random); },
        [&](const Solution& a, const Solution& b, Time share) {
            return between(a, b, share, random);
        },
        [&](Solution& solution, std::uint64_t patience) { tabu.run(solution, patience, watch); });
    return watch.used();
}

}  // namespace headway::search::shop

#include "search/flexible/search.hpp"

#include <algorithm>
#include <array>

#include "search/flexible/starts.hpp"
#include "search/flexible/tabu.hpp"
#include "search/random.hpp"
#include "search/relinking.hpp"

namespace headway::search::flexible {
namespace {

// Where on the way between two plans candidates lie, in thousandths, and how long each is tried.
constexpr std::array<Time, 3> SHARES = {300, 500, 700};
constexpr std::uint64_t TRIAL_PATIENCE = 300;

// Plans are nearly the same if they differ in less than one task out of so many.
constexpr std::int64_t TASKS_PER_DIFFERENCE = 20;

std::int64_t least_distance(const Shop& shop) {
    return std::max<std::int64_t>(1, shop.n_tasks() / TASKS_PER_DIFFERENCE);
}

}  // namespace

FlexibleSearch::FlexibleSearch(const Shop& shop, const SearchSettings& settings)
    : shop_(&shop), settings_(settings), elite_(shop, settings.population, least_distance(shop)) {}

std::uint64_t FlexibleSearch::run(std::uint64_t seed, std::uint64_t iterations,
                                  const StopFlag& stop, const OnImprovement& on_improvement) {
    Random random(seed);
    TabuSearch tabu(*shop_, random);
    Watch<Plan> watch(incumbent_, iterations, stop, [&](const Plan& best) {
        on_improvement(best.value, starts(*shop_, best), best.mode);
    });
    relink(
        elite_, {settings_.patience, TRIAL_PATIENCE, SHARES}, random, watch,
        [&] { return random_plan(*shop_, random); },
        [&](const Plan& a, const Plan& b, Time share) {
            return between(*shop_, a, b, share, random);
        },
        [&](Plan& plan, std::uint64_t patience) { tabu.run(plan, patience, watch); });
    return watch.used();
}

}  // namespace headway::search::flexible

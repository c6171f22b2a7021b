#include "search/job_shop/search.hpp"

#include <algorithm>
#include <array>

#include "search/job_shop/starts.hpp"
#include "search/job_shop/tabu.hpp"
#include "search/random.hpp"
#include "search/relinking.hpp"

namespace headway::search::job_shop {
namespace {

// Where on the way between two plans candidates lie, in thousandths, and how long each is tried.
constexpr std::array<Time, 5> SHARES = {300, 400, 500, 600, 700};
constexpr std::uint64_t TRIAL_PATIENCE = 500;

// Longer where machines have many more tasks than there are machines.
std::int32_t usual_tenure(const Shop& shop) {
    return 4 + shop.crowd() / std::max(1, shop.n_machines()) / 2;
}

// Plans are nearly the same if they differ in less than one pair of tasks out of so many.
constexpr std::int64_t PAIRS_PER_DIFFERENCE = 40;

std::int64_t least_distance(const Shop& shop) {
    std::int64_t pairs = 0;
    for (Index i = 0; i < shop.n_tasks(); ++i) {
        pairs += shop.machine(i) >= 0 ? shop.slot(i) : 0;
    }
    return std::max<std::int64_t>(1, pairs / PAIRS_PER_DIFFERENCE);
}

}  // namespace

JobShopSearch::JobShopSearch(const Shop& shop, const SearchSettings& settings)
    : shop_(&shop), settings_(settings), elite_(shop, settings.population, least_distance(shop)) {}

std::uint64_t JobShopSearch::run(std::uint64_t seed, std::uint64_t iterations,
                                 const StopFlag& stop, const OnImprovement& on_improvement) {
    Random random(seed);
    const std::int32_t tenure = settings_.tenure > 0 ? settings_.tenure : usual_tenure(*shop_);
    TabuSearch tabu(*shop_, settings_.neighbourhood, tenure, random);
    Watch<Plan> watch(incumbent_, iterations, stop, [&](const Plan& best) {
        on_improvement(best.value, starts(*shop_, best));
    });
    relink(
        elite_, {settings_.patience, TRIAL_PATIENCE, SHARES}, random, watch,
        [&] { return random_active_plan(*shop_, random); },
        [&](const Plan& a, const Plan& b, Time share) {
            return between(*shop_, a, b, share, random);
        },
        [&](Plan& plan, std::uint64_t patience) { tabu.run(plan, patience, watch); });
    return watch.used();
}

}  // namespace headway::search::job_shop

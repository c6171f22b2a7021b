#include "search/project/search.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "search/project/breeder.hpp"
#include "search/project/list_worker.hpp"
#include "search/project/modes.hpp"
#include "search/random.hpp"

namespace headway::search::project {
namespace {

// Of one plan out of so many, tasks change to modes in which they end sooner. That takes a place
// for every mode, and quick modes that take much of a resource are not always the best.
constexpr std::int32_t PLANS_PER_CHOICE = 8;

class Worker : private ListWorker {
public:
    Worker(ProjectSearch& search, std::uint64_t seed, std::uint64_t passes, const StopFlag& stop,
           const OnImprovement& on_improvement)
        : ListWorker(search.project(), search.project().forward(), search.project().backward()),
          project_(&search.project()),
          population_(&search.population()),
          incumbent_(&search.incumbent()),
          budget_(*incumbent_, passes, stop),
          on_improvement_(&on_improvement),
          random_(seed),
          breeder_(*project_),
          treasurer_(*project_),
          decoder_(Decoder::make(*project_, stop)) {}

    std::uint64_t run() {
        while (budget_.more()) {
            breed();
        }
        return budget_.used();
    }

private:
    // Makes one plan and adds it to the population.
    void breed() {
        bool choose = random_.below(PLANS_PER_CHOICE) == 0;
        std::optional<std::size_t> place;
        if (auto offer = population_->take_offer()) {
            child_.plan = std::move(*offer);
            key_ = child_.plan.start;
            choose = false;
        } else if (place = population_->parents(random_, first_, second_); place) {
            breeder_.cross(first_.plan, second_.plan, random_, key_, child_.plan.mode);
        } else {
            breeder_.sample(random_, key_, child_.plan.mode);
        }
        const Int excess = treasurer_.repair(child_.plan.mode, random_);
        std::ranges::copy(project_->order(), order_.begin());
        sort();
        if (!forward(choose, excess, child_)) {
            return;
        }
        while (improve(choose, excess)) {
        }
        population_->add(child_, place, random_);
    }

    bool forward(bool choose, Int excess, Member& member) {
        budget_.spend(1);
        if (!decoder_->forward(order_, choose, member.plan)) {
            return false;
        }
        member.slack = 0;
        member.value = member.plan.makespan + (excess > 0 ? LONGEST + excess : 0);
        if (excess == 0 && member.value < incumbent_->best() && incumbent_->note(member.value)) {
            (*on_improvement_)(member.value, member.plan.start, member.plan.mode);
        }
        return true;
    }

    bool improve(bool choose, Int excess) {
        return improve_by(
            [&](Time turn, Plan& plan) {
                budget_.spend(1);
                return decoder_->backward(order_, choose, turn, plan);
            },
            [&](Member& member) { return forward(choose, excess, member); });
    }

    const Project* project_;
    Population* population_;
    Incumbent* incumbent_;
    Budget budget_;
    const OnImprovement* on_improvement_;
    Random random_;
    Breeder breeder_;
    Treasurer treasurer_;
    std::unique_ptr<Decoder> decoder_;
    Member first_, second_;
};

}  // namespace

std::uint64_t ProjectSearch::run(std::uint64_t seed, std::uint64_t passes, const StopFlag& stop,
                                 const OnImprovement& on_improvement) {
    return Worker(*this, seed, passes, stop, on_improvement).run();
}

}  // namespace headway::search::project

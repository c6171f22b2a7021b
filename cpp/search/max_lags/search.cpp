#include "search/max_lags/search.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "search/max_lags/decoder.hpp"
#include "search/project/breeder.hpp"
#include "search/project/list_worker.hpp"
#include "search/random.hpp"

namespace headway::search::max_lags {
namespace {

using project::Member;

// Once a task has been blamed so often, all blame is halved: what is long ago counts less.
constexpr Time MOST_BLAME = 64;
// The widest blur is this part of the longest path.
constexpr Time LONGEST_BLUR = 4;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

class Worker : private project::ListWorker {
public:
    Worker(LagSearch& search, std::uint64_t seed, std::uint64_t passes, const StopFlag& stop,
           const OnImprovement& on_improvement)
        : ListWorker(search.project().work(), search.project().forward(),
                     search.project().backward()),
          project_(&search.project()),
          population_(&search.population()),
          incumbent_(&search.incumbent()),
          budget_(*incumbent_, passes, stop),
          on_improvement_(&on_improvement),
          random_(seed),
          breeder_(project_->work()),
          decoder_(*project_, stop),
          blame_(at(project_->n_tasks())) {
        sort();
        base_ = order_;
    }

    std::uint64_t run() {
        while (budget_.more()) {
            breed();
        }
        return budget_.used();
    }

private:
    // Makes one plan and adds it to the population.
    void breed() {
        std::optional<std::size_t> place;
        if (auto offer = population_->take_offer()) {
            child_.plan = std::move(*offer);
            rate(child_);
            by_start();
        } else {
            order_ = base_;
            if (place = population_->parents(random_, first_, second_); place) {
                breeder_.cross(first_.plan, second_.plan, random_, key_, child_.plan.mode);
                sort();
            } else if (!guide_.empty() && random_.below(2) == 0) {
                blur();
            } else {
                sample();
            }
            if (!forward(child_)) {
                return;
            }
        }
        while (improve()) {
        }
        guide_ = child_.plan.start;
        population_->add(child_, place, random_);
    }

    // A list of tasks by the time that is to pass from their start to the end of all work, longest
    // first, but blurred. One time in two, what often finds no place comes sooner; one time in two,
    // tasks that bind one another stand together.
    void sample() {
        const Time blur = 1 + std::ranges::max(project_->tail());
        const bool urgent = random_.below(2) == 0, together = random_.below(2) == 0;
        const Time most = std::max<Time>(1, std::ranges::max(blame_));
        for (Index i = 0; i < project_->n_tasks(); ++i) {
            const Int bonus = urgent ? Int{blur} * blame_[at(i)] / most : 0;
            key_[at(i)] = random_.below(blur) - project_->tail()[at(i)] - static_cast<Time>(bonus);
        }
        sort();
        if (together) {
            for (Index i = 0; i < project_->n_tasks(); ++i) {
                Time& group = key_[at(project_->component(i))];
                group = std::min(group, key_[at(i)]);
            }
            for (Index i = 0; i < project_->n_tasks(); ++i) {
                key_[at(i)] = key_[at(project_->component(i))];
            }
            sort();
        }
    }

    // The list of the last plan, more or less blurred: where few lists become schedules, those like
    // one that did often do.
    void blur() {
        const Time widest = 1 + std::ranges::max(project_->tail()) / LONGEST_BLUR;
        const Time width = 1 + random_.below(widest);
        for (std::size_t i = 0; i < key_.size(); ++i) {
            key_[i] = guide_[i] + random_.below(width);
        }
        sort();
    }

    bool forward(Member& member) {
        budget_.spend(1);
        if (!decoder_.forward(order_, member.plan)) {
            blame(decoder_.blamed());
            return false;
        }
        member.slack = 0;
        member.value = member.plan.makespan;
        if (member.value < incumbent_->best() && incumbent_->note(member.value)) {
            (*on_improvement_)(member.value, member.plan.start);
        }
        return true;
    }

    void blame(Index task) {
        if (++blame_[at(task)] > MOST_BLAME) {
            for (Time& times : blame_) {
                times /= 2;
            }
        }
    }

    bool improve() {
        return improve_by(
            [&](Time turn, project::Plan& plan) {
                budget_.spend(1);
                return decoder_.backward(order_, turn, plan);
            },
            [&](Member& member) { return forward(member); });
    }

    // What a plan from outside is worth.
    void rate(Member& member) const {
        member.plan.makespan = 0;
        for (Index i = 0; i < project_->n_tasks(); ++i) {
            const Time end = member.plan.start[at(i)] + project_->duration(i);
            member.plan.makespan = std::max(member.plan.makespan, end);
        }
        member.value = member.plan.makespan;
        member.slack = 0;
    }

    void by_start() {
        key_ = child_.plan.start;
        order_ = base_;
        sort();
    }

    const LagProject* project_;
    project::Population* population_;
    Incumbent* incumbent_;
    Budget budget_;
    const OnImprovement* on_improvement_;
    Random random_;
    project::Breeder breeder_;
    Decoder decoder_;
    std::vector<Time> blame_, guide_;
    std::vector<Index> base_;
    Member first_, second_;
};

}  // namespace

std::uint64_t LagSearch::run(std::uint64_t seed, std::uint64_t passes, const StopFlag& stop,
                             const OnImprovement& on_improvement) {
    return Worker(*this, seed, passes, stop, on_improvement).run();
}

}  // namespace headway::search::max_lags

// Tabular Q-learning of the machine to send a task to, credited when the task has ended.
#pragma once

#include <vector>

#include "base.hpp"
#include "search/random.hpp"
#include "simulate/servers/farm.hpp"

namespace headway::simulate::servers {

struct LearnerTables {
    bool joint;     // one state for all machines together, or one for each by itself
    Ints group;     // of the machines; those of one group share their part of the table
    Reals levels;   // classes of backlog, of size (both in mean tasks) and of load: increasing
    Reals sizes;    // limits, a value belongs to the class of all limits that it exceeds
    Reals loads;
    Reals alpha;    // step size by number of visits, the last one for all that follow
    double first_epsilon;  // share of random choices at first, and once `exploring` tasks came
    double last_epsilon;
    Int exploring;
    bool learns;
    double margin;  // of expected response over that of the rule, above which the rule decides
    Int window;     // tasks between two such comparisons; 0 for none
    Reals values;   // by row
    Ints visits;
};

class Learner {
public:
    // Throws std::invalid_argument if a table is malformed.
    Learner(const LearnerTables& tables, std::size_t n_machines, std::uint64_t seed);

    // Gets ready for a farm, of whose tasks it has sent none so far. Throws std::invalid_argument if
    // the farm has another number of machines.
    void begin(const Farm& farm);

    // Learns from what has ended, and chooses for the task that has arrived.
    std::size_t choose(const Farm& farm);

    // Learns from what has ended.
    void credit(const Farm& farm);

    const std::vector<double>& values() const { return values_; }
    const std::vector<Int>& visits() const { return visits_; }
    Int distrusted() const { return distrusted_; }  // tasks that the rule decided

private:
    // Classes of backlog are those of `level_`.
    std::size_t row(const Farm& farm, std::size_t machine) const;
    std::size_t best(const Farm& farm) const;
    void follow(const Farm& farm);
    void compare(const Farm& farm);

    bool joint_, learns_, trusts_ = true;
    std::vector<Int> group_;
    std::vector<double> levels_, sizes_, loads_, alpha_;
    double first_epsilon_, last_epsilon_, margin_;
    Int exploring_, window_, distrusted_ = 0, seen_ = 0;
    std::vector<double> values_;
    std::vector<Int> visits_;
    std::vector<std::size_t> level_;  // class of backlog by machine, in the farm or in a shadow
    std::vector<std::size_t> row_of_task_;
    std::vector<double> free_mine_, free_rule_;  // when machines are free, in two shadow farms
    double response_mine_ = 0, response_rule_ = 0;
    search::Random random_;
};

}  // namespace headway::simulate::servers

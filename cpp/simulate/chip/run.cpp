#include "simulate/chip/run.hpp"

namespace headway::simulate::chip {

void run(Stream& stream, Score& score, bool waits, const search::StopFlag& stop) {
    stream.want(score.columns());
    while (!stop.is_set() && stream.decide()) {
        std::size_t best = 0;
        double highest = 0;
        for (std::size_t k = 0; k < stream.candidates().size(); ++k) {
            const double found = score(
                [&](Int column) { return stream.column(static_cast<Column>(column), k); });
            if (k == 0 || beats(found, highest)) {
                best = k;
                highest = found;
            }
        }
        if (waits && !(highest > 0) && stream.may_wait()) {
            stream.wait();
        } else {
            stream.commit(best);
        }
    }
}

}  // namespace headway::simulate::chip

# Columns: callers, hiredis a second, libdrl a second, hiredis p50 us, libdrl p50 us.
set terminal svg size 900,380 font "sans-serif,12" background "white"
set multiplot layout 1,2
set logscale x 4
set xlabel "blocking callers"
set xtics ("1" 1, "4" 4, "16" 16, "64" 64, "256" 256)
set xrange [1:300]
set grid ytics lc rgb "#dddddd"
set key top left
set title "decisions a second"
set yrange [0:*]
set format y "%.0f k"
plot data using 1:($2/1000) with linespoints lw 2 pt 7 ps 0.6 lc rgb "#999999" title "a hiredis connection each", \
     data using 1:($3/1000) with linespoints lw 2 pt 7 ps 0.6 lc rgb "#c0392b" title "libdrl, one client"
set title "median latency"
set logscale y 10
set yrange [10:*]
set format y "%.0f us"
plot data using 1:4 with linespoints lw 2 pt 7 ps 0.6 lc rgb "#999999" title "a hiredis connection each", \
     data using 1:5 with linespoints lw 2 pt 7 ps 0.6 lc rgb "#c0392b" title "libdrl, one client"
unset multiplot

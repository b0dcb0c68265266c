# What GPU compilers make of the kernels, without a GPU: the part `code` of tools/check-kernels, which documents it.
# Expects to run in the top folder of the checkout.
package KernelCode;
use strict;
use warnings;

# Limits: registers of a work-item, bytes spilled, bytes of private memory; first for a weight gradient's kernel, which
# keeps a tile of sums in registers, then for any other. What a change costs here it costs on every GPU: raise a limit
# knowingly. Taken with clang 15 and ptxas 12.9, after the kernels were made faster on an H100 at the cost of registers,
# the last time by taking in what follows a layer: 26 launches a step in place of 40.
my %limits = (
  sm_75 => [[208, 0, 48], [224, 0, 48]],
  sm_90 => [[200, 0, 48], [228, 0, 48]],
  gfx906 => [[256, 0, 608], [136, 0, 64]],
  gfx90a => [[280, 0, 544], [144, 0, 48]],
  gfx1100 => [[256, 432, 1168], [136, 4, 16]],
);
my $flags = '-x cl -cl-std=CL1.2 -O3 -w -D LANES=1 -cl-fp32-correctly-rounded-divide-sqrt'
  . ' -Xclang -fdeclare-opencl-builtins -Xclang -finclude-default-header';
my $own = '-D OWN_DIVISION -D OWN_SQUARE_ROOT';
my ($found, $missing) = (0, 0);

# What a driver would link: the built-ins that kernels use, each as the one instruction that it stands for.
my $builtins = <<'END';
#define BUILTIN __attribute__((overloadable)) static inline
#ifdef __NVPTX__
#define PLACE(x) __nvvm_read_ptx_sreg_tid_##x()
#define SIZE(x) __nvvm_read_ptx_sreg_ntid_##x()
#define GROUP(x) __nvvm_read_ptx_sreg_ctaid_##x()
#define MEET() __syncthreads()
#else
#define PLACE(x) __builtin_amdgcn_workitem_id_##x()
#define SIZE(x) __builtin_amdgcn_workgroup_size_##x()
#define GROUP(x) __builtin_amdgcn_workgroup_id_##x()
#define MEET() __builtin_amdgcn_s_barrier()
#endif
#define ALONG(d, of) ((d) == 0 ? of(x) : (d) == 1 ? of(y) : of(z))
BUILTIN size_t get_local_id(uint d) { return ALONG(d, PLACE); }
BUILTIN size_t get_local_size(uint d) { return ALONG(d, SIZE); }
BUILTIN size_t get_group_id(uint d) { return ALONG(d, GROUP); }
BUILTIN size_t get_global_id(uint d) { return ALONG(d, GROUP) * ALONG(d, SIZE) + ALONG(d, PLACE); }
BUILTIN void barrier(uint flags) { MEET(); }
BUILTIN float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
BUILTIN float sqrt(float a) { return __builtin_sqrtf(a); }
BUILTIN float convert_float_rte(int a) { return (float)a; }
BUILTIN int convert_int_rte(float a) { return (int)__builtin_rintf(a); }
BUILTIN uint clz(uint a) { return a ? (uint)__builtin_clz(a) : 32u; }
BUILTIN uint mul_hi(uint a, uint b) { return (uint)(((ulong)a * b) >> 32); }
BUILTIN float8 vload8(size_t i, const __private float *p) { return *(const __private float8 *)(p + 8 * i); }
BUILTIN float8 vload8(size_t i, const __local float *p) { return *(const __local float8 *)(p + 8 * i); }
#ifdef __NVPTX__
BUILTIN uint atomic_min(volatile __global uint *p, uint v) {
  uint old;
  __asm__ volatile("atom.global.min.u32 %0, [%1], %2;" : "=r"(old) : "l"(p), "r"(v) : "memory");
  return old;
}
#else
BUILTIN uint atomic_min(volatile __global uint *p, uint v) { return __atomic_fetch_min(p, v, __ATOMIC_RELAXED); }
#endif
END

sub slurp {
  open my $handle, '<', $_[0] or die "error: $_[0]: $!\n";
  local $/;
  return <$handle> // '';
}

sub spill_out {
  my ($file, $text) = @_;
  open my $handle, '>', $file or die "error: $file: $!\n";
  print $handle $text;
  close $handle or die "error: $file: $!\n";
}

sub complain { print "@_\n"; $found++ }

# The program of all kernels as KernelSource.swift joins it, with numbers for the names that KernelPrelude.swift defines
# (which numbers does not matter here).
sub program {
  my $lists = slurp('Sources/Kernels/KernelSource.swift');
  my ($common) = $lists =~ /common: \[KernelSource\] = \[(.*?)\]/s or die "error: no list of common sources\n";
  my ($others) = $lists =~ /operations: \[KernelSource\] =\s*common\s*\+ \[(.*?)\]/s
    or die "error: no list of operations' sources\n";
  my $text = join "\n", map { slurp("Kernels/$_.cl") } "$common $others" =~ /"(\w+)"/g;
  my ($defines, $number, %known) = ('', 0);
  for my $name ($text =~ /\b((?:STEP|ACTIVATION|MASK)_[A-Z_]+)\b/g) {
    next if $known{$name}++ || $text =~ /#define $name\b/;
    $defines .= "#define $name " . $number++ . "\n";
  }
  $defines .= "#define ABSENT_IMAGE 0xffffffffu\n#define FROZEN_SEGMENT 0xffffffffu\n";
  return $defines . "#define SEGMENT 128\n#define CLIP_CHUNK 1024\n" . $text;
}

sub run {
  my ($what, $command) = @_;
  my $said = `$command 2>&1`;
  complain("$what: the compiler failed", split /\n/, substr $said, 0, 2000) if $?;
  return $? ? undef : $said;
}

sub tool {
  my ($named, @names) = @_;
  for my $name (grep { defined && length } $ENV{$named}, @names) {
    my $path = `command -v '$name' 2>/dev/null`;
    chomp $path;
    return $path if length $path;
  }
  return undef;
}

sub lacking {
  print "left out: $_[0]\n";
  $missing = 1;
}

sub count { my ($pattern, $text) = @_; return scalar(() = $text =~ /$pattern/g) }

# Fused multiply-adds named in the optimised program, counted per vector lane.
sub named_fma {
  my ($ir) = @_;
  my $all = 0;
  $all += $1 // 1 while $ir =~ /call[^\n]*\@llvm\.fma\.(?:v(\d+))?f32\(/g;
  return $all;
}

sub check_ptx {
  my ($what, $code, $named, $is_own) = @_;
  # Without .rn, ptxas may contract operations.
  my %wrong;
  $wrong{$&}++ while $code =~ /\b(?:add|sub|mul|fma|mad|div|rcp|sqrt|rsqrt|ex2|lg2|sin|cos|tanh)(?!\.rn\.f32)\.(?:[a-z]+\.)*f32/g;
  $wrong{$&}++ while $code =~ /\b\w+(?:\.\w+)*\.(?:ftz|approx|full)\b[\w.]*/g;
  if ($is_own) { $wrong{$&}++ while $code =~ /\b(?:div|rcp|sqrt)\.rn\.f32/g }
  complain("$what: $wrong{$_} × $_") for sort keys %wrong;
  my $fused = count(qr/\bfma\.rn\.f32\b/, $code);
  complain("$what: $fused fused multiply-adds, the source names $named") if $fused != $named;
}

sub check_gcn {
  my ($what, $code, $named, $is_own) = @_;
  my $kernels = count(qr/^\s*\.amdhsa_kernel /m, $code);
  my $kept = count(qr/^\s*\.amdhsa_float_denorm_mode_32 3$/m, $code);
  complain("$what: $kept of $kernels kernels keep denormals") if $kept != $kernels || !$kernels;
  my $approximate = qr/\bv_(?:mad|mac|exp|log|sin|cos|rsq)\w*_f32/;
  my %wrong;
  $wrong{$&}++ while $code =~ /$approximate/g;
  my ($seeds, $fixups) = (count(qr/\bv_rcp_f32/, $code), count(qr/\bv_div_fixup_f32/, $code));
  complain("$what: $seeds reciprocals, $fixups of them repaired to quotients") if $seeds != $fixups;
  if ($is_own) { $wrong{$&}++ while $code =~ /\bv_(?:rcp|div_\w+?|sqrt)_f32/g }
  complain("$what: $wrong{$_} × $_") for sort keys %wrong;
  # The device's own divisions and roots also contain fused multiply-adds.
  return unless $is_own;
  my $fused = count(qr/\bv_(?:dual_)?(?:fma|fmac|fmaak|fmamk)_f32/, $code) + 2 * count(qr/\bv_pk_fma_f32/, $code);
  # Fewer if pairs were formed of which one half is unused.
  my $is_wrong = $code =~ /v_pk_fma_f32/ ? $fused > $named : $fused != $named;
  complain("$what: $fused fused multiply-adds, the source names $named") if $is_wrong;
}

# Kernel => [registers, bytes spilled, bytes of private memory].
sub needs_of_ptxas {
  my ($said) = @_;
  my (%needs, $kernel);
  for (split /\n/, $said) {
    $kernel = $1 if /Compiling entry function '(\w+)'/;
    next unless defined $kernel;
    @{ $needs{$kernel} }[1, 2] = ($2 + $3, $1)
      if /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/;
    $needs{$kernel}[0] = $1 if /Used (\d+) registers/;
  }
  return %needs;
}

sub needs_of_gcn {
  my ($code) = @_;
  my (%needs, $kernel, $private);
  for (split /\n/, $code) {
    $private = $1 if /^\s+\.private_segment_fixed_size: (\d+)/;
    $kernel = $1 if /^\s+\.symbol:\s+'?(\w+)\.kd/;
    next unless defined $kernel;
    @{ $needs{$kernel} }[0, 2] = ($1, $private) if /^\s+\.vgpr_count:\s+(\d+)/;
    $needs{$kernel}[1] = 4 * $1 if /^\s+\.vgpr_spill_count:\s+(\d+)/;
  }
  return %needs;
}

# ptxas from the environment variable, the path, or PyPI's package in .build.
sub ptxas {
  my ($fetch) = @_;
  my $kept = '.build/ptxas/nvidia/cuda_nvcc/bin/ptxas';
  my $tool = tool('PTXAS', 'ptxas', -x $kept ? $kept : ());
  return $tool if defined $tool || !$fetch;
  run('ptxas', 'python3 -m pip download -q --no-deps -d .build/ptxas nvidia-cuda-nvcc-cu12'
      . ' && python3 -m zipfile -e .build/ptxas/*.whl .build/ptxas && chmod +x ' . $kept);
  return tool('PTXAS', $kept);
}

# A clang with targets for both vendors and all processors above: 15 or later.
sub clang {
  for my $name (tool('CLANG'), 'clang', map { "clang-$_" } reverse 15 .. 30) {
    my $path = defined $name ? tool('', $name) : undef;
    my $targets = defined $path ? `$path --print-targets 2>/dev/null` : '';
    next unless $targets =~ /nvptx64/ && $targets =~ /amdgcn/;
    return $path if system("$path -target amdgcn-amd-amdhsa -mcpu=gfx1100 -nogpulib -x cl -S -o /dev/null /dev/null 2>/dev/null") == 0;
  }
  return undef;
}

sub table {
  my ($needs, @targets) = @_;
  my %kernels = map { $_ => 1 } map { keys %{ $needs->{$_} } } @targets;
  printf "%-34s%s\n", 'registers/spilled/private', join '', map { sprintf '%14s', $_ } @targets;
  for my $kernel (sort keys %kernels) {
    my @columns;
    for my $target (@targets) {
      my @got = map { $_ // 0 } @{ $needs->{$target}{$kernel} // [] }[0 .. 2];
      my $limits = $limits{$target}[$kernel =~ /backward_weights?$/ ? 0 : 1];
      my @over = grep { $got[$_] > $limits->[$_] } 0 .. 2;
      push @columns, sprintf '%14s', join('/', @got) . (@over ? '!' : '');
      complain("$kernel on $target: " . join('/', @got) . ', limits ' . join('/', @$limits)) if @over;
    }
    printf "%-34s%s\n", $kernel, join '', @columns;
  }
}

# The kernels' own division and square root against this processor's.
sub check_division {
  my ($clang, $folder) = @_;
  my $fused = `uname -m` =~ /x86_64/ ? '-mfma' : '';
  my $build = "$clang -w -O2 $fused -ffp-contract=off -o $folder/division tools/reference/division.c -lm";
  return unless defined run('division.c', $build);
  for my $part ('root 499', 'reciprocals', 'ties 1000000', 'pairs 10000000') {
    my $said = `$folder/division $part`;
    print "own division and square root, $said";
    complain("division.cl is not correctly rounded: $part") if $?;
  }
}

sub check_intel {
  my ($ocloc, $folder) = @_;
  spill_out("$folder/kernels.cl", program());
  for my $device (qw(tgllp dg2)) {
    my $said = run("Intel $device", "$ocloc compile -file $folder/kernels.cl -device $device -out_dir $folder/$device"
        . " -options '-cl-std=CL1.2 -D LANES=1 $own'");
    complain("Intel $device: $1") if defined $said && $said =~ /(.*spill.*)/;
  }
}

# The problems found, and whether something was left out; with `fetch`, a missing ptxas comes from PyPI.
sub check {
  my ($fetch) = @_;
  my $clang = clang();
  lacking('code for GPUs: no clang with the targets nvptx64 and amdgcn (Debian: clang, 15 or later)') unless defined $clang;
  return ($found, $missing) unless defined $clang;
  my $ptxas = ptxas($fetch);
  lacking('registers on NVIDIA: no ptxas (--fetch takes it from PyPI)') unless defined $ptxas;
  my $folder = `mktemp -d`;
  chomp $folder;
  spill_out("$folder/gpu.cl", $builtins . program());
  check_division($clang, $folder);
  my %needs;
  for my $target ('sm_75', 'gfx906', 'gfx90a', 'gfx1100') {
    my $is_ptx = $target =~ /^sm/;
    my $for = $is_ptx ? "-target nvptx64-nvidia-cuda -march=$target" : "-target amdgcn-amd-amdhsa -mcpu=$target -nogpulib";
    for my $is_own (0, 1) {
      my $what = $target . ($is_own ? ', own division and square root' : '');
      my $build = "$clang $for $flags " . ($is_own ? $own : '') . " -S $folder/gpu.cl";
      next unless defined run($what, "$build -o $folder/code.s") && defined run($what, "$build -emit-llvm -o $folder/code.ll");
      my ($assembly, $ir) = (slurp("$folder/code.s"), slurp("$folder/code.ll"));
      complain("$what: the program leaves contraction open") if $ir =~ /llvm\.fmuladd|\bcontract\b|"unsafe-fp-math"="true"/;
      ($is_ptx ? \&check_ptx : \&check_gcn)->($what, $assembly, named_fma($ir), $is_own);
      $needs{$target} = { needs_of_gcn($assembly) } unless $is_own || $is_ptx;
      next if $is_own || !$is_ptx || !defined $ptxas;
      for my $chip ('sm_75', 'sm_90') {
        my $said = run($chip, "$ptxas -v -arch=$chip -o /dev/null $folder/code.s");
        $needs{$chip} = { needs_of_ptxas($said) } if defined $said;
      }
    }
  }
  table(\%needs, grep { $needs{$_} } qw(sm_75 sm_90 gfx906 gfx90a gfx1100));
  my $ocloc = tool('OCLOC', 'ocloc');
  defined $ocloc ? check_intel($ocloc, $folder) : print "left out: Intel, no ocloc\n";
  system 'rm', '-r', $folder;
  print "code for GPUs by $clang: ", $found ? "$found faults\n" : "nothing wrong\n";
  return ($found, $missing);
}

1;

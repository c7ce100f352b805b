# One POP3 session of Perl's Net::POP3: fetches everything into a folder, prints what the listings said as JSON.
# usage: net_pop3_session.pl PORT USER PASSWORD FOLDER keep|delete quit|drop
use strict;
use warnings;
use Net::POP3;

my ($port, $user, $password, $folder, $fate, $end) = @ARGV;
my $session = Net::POP3->new('127.0.0.1', Port => $port, Timeout => 30) or die "no greeting: $@";
defined $session->login($user, $password) or die 'login: ' . $session->message;
my ($count, $octets) = $session->popstat;
my $listing = $session->list;
my $uidls = $session->uidl;
for my $number (1 .. $count) {
    my $lines = $session->get($number) or die "RETR $number: " . $session->message;
    open my $file, '>:raw', "$folder/$number" or die $!;
    print $file @$lines;    # Net::Cmd gives each line with LF in place of CRLF
    close $file or die $!;
    my $top = $session->top($number, 0) or die "TOP $number: " . $session->message;
    $top->[$_] eq $lines->[$_] or die "TOP $number 0 is not the beginning of RETR $number" for 0 .. $#$top;
    if ($fate eq 'delete') { $session->delete($number) or die "DELE $number: " . $session->message }
}
# Without QUIT, Net::POP3 resets when the object goes: the connection is closed under it instead.
if ($end eq 'quit') { $session->quit or die 'QUIT: ' . $session->message }
else { close $session }
printf "{\"octets\":%d,\"listing\":[%s],\"uidls\":[%s]}\n", $octets,
    join(',', map { $listing->{$_} } 1 .. $count),
    join(',', map { "\"$uidls->{$_}\"" } 1 .. $count);
